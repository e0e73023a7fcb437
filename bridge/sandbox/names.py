"""Names of people and teams for the seeded account, of many origins, with the letters they have.

Knows words only; ``seed`` puts them together.
"""

FIRST_NAMES = """
Aaliyah Abebe Adaeze Agnieszka Ahmed Aiko Alejandra Aleksander Amara Amina Ana Anders Andrea
Anjali Antoine Arjun Astrid Ayşe Beatriz Benjamin Björn Bogdan Camila Carlos Chantal Chidi Chloé
Chukwuma Daniela Daniel Deepika Diego Dmitri Eirini Elena Elif Emeka Emily Emma Erik Esther
Fatima Felix Fernanda Françoise Freya Gabriel Giulia Giorgos Grace Gustavo Hana Hannah Haruto
Hassan Henrik Hiroshi Hye-jin Ibrahim Ifeoma Ilse Ingrid Isabella Ivan Jamal Jan Javier Jelena
Jin João Johanna José Julia Kaito Kamala Karim Katarzyna Kateryna Kavita Kenji Khadija Kofi
Kwame Lakshmi Lars Laura Leila Liam Linh Lucía Łukasz Magnus Mahmoud Malik Margarita Maria Marko
Matteo Mei Meera Mehmet Mia Miguel Milan Min-jun Mohammed Naledi Naoko Natalia Nia Niamh Nikolai
Noah Nour Oksana Olivia Olumide Omar Owen Paolo Pedro Petra Pierre Piotr Priya Rachel Rafael
Rahul Ravi Rosa Ruth Sakura Samira Samuel Sanjay Santiago Sara Seán Sibusiso Simone Siobhán
Sofía Sofie Søren Sunita Svetlana Tadashi Tatiana Tendai Thandiwe Théo Thi Thomas Tomás Ulrike
Valentina Vikram Wei William Xiomara Yara Yasmin Yuki Yusuf Zainab Zanele Zoltán Zuzana
"""

LAST_NAMES = """
Abdi Acheampong Adeyemi Afolabi Aguilar Ahmadi Åkesson Al-Masri Almeida Andersson Arslan Asante
Bakker Banerjee Baptiste Barbosa Bauer Becker Begum Bekele Berg Bianchi Botha Bouchard Brown
Campbell Castillo Čermák Chaudhry Chen Chowdhury Clarke Cohen Colombo Costa Cruz Da-Silva Dang
Davies Delgado Demir Desai Diallo Dimitrov Dlamini Dubois Eriksen Eze Farouk Fernández Ferrari
Fischer Flores Fofana Fontaine García Gebremariam Ghosh Gonzalez Grant Gupta Haddad Hakimi
Hansen Hashimoto Hernández Hoang Hoffmann Horváth Hughes Hussein Ibarra Ito Ivanova Jansen
Johansson Jones Kamau Kang Kapoor Karlsson Kaya Khalil Khan Kim Klein Kobayashi Koné Kowalski
Kovač Kumar Lam Larsen Laurent Lê Lee Levy Lim Lindqvist Liu López MacDonald Mahlangu Malhotra
Mansour Marino Martin Martínez Mbeki Mehta Mendoza Mensah Meyer Molina Moreau Moretti Mukherjee
Müller Murphy Mwangi Nakamura Ndiaye Nguyễn Nielsen Nkosi Novák Nowak Núñez O'Brien O'Connor
Ochieng Okafor Okonkwo Oliveira Olsen Osei Otieno Owusu Özdemir Papadopoulos Park Patel Pereira
Pérez Petrov Pham Popescu Quispe Rahman Ramírez Rao Reyes Ricci Robinson Rodríguez Rossi Roux
Saito Salazar Santos Sato Schmidt Schneider Sharma Shevchenko Silva Singh Smith Sokolov Sousa
Suzuki Svensson Szabó Takahashi Tan Tanaka Taylor Tesfaye Thompson Torres Touré Tran Tshabalala
Turner Vargas Vasquez Virtanen Vos Wagner Walker Wang Weber Williams Wójcik Wong Wright Wu
Yamamoto Yang Yilmaz Yusuf Zhang Zhou Zieliński Zulu
"""

DEPARTMENTS = (
    "Engineering",
    "Sales",
    "Customer Support",
    "Finance",
    "Marketing",
    "People Operations",
    "Information Technology",
    "Legal",
    "Product",
    "Logistics",
    "Research",
    "Training",
)

TEAMS = (
    "Platform",
    "Europe",
    "Americas",
    "Asia Pacific",
    "Partners",
    "Field",
    "Quality",
    "Planning",
    "Onboarding",
    "Tools",
    "Middle East & Africa",
    "Night Shift",
)

PLACES = (
    ("en_US", "America/New_York"),
    ("en_US", "America/Los_Angeles"),
    ("en_US", "America/Chicago"),
    ("en_GB", "Europe/London"),
    ("de_DE", "Europe/Berlin"),
    ("fr_FR", "Europe/Paris"),
    ("es_ES", "Europe/Madrid"),
    ("it_IT", "Europe/Rome"),
    ("pt_BR", "America/Sao_Paulo"),
    ("nl_NL", "Europe/Amsterdam"),
    ("ja_JP", "Asia/Tokyo"),
    ("en_US", "Asia/Kolkata"),
)
